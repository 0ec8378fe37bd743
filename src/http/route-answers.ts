import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { Clock } from '../util/clock.js';
import { send, writeHead } from './responses.js';
import { BodyTooLarge, type HttpAnswer, type HttpRequest, type HttpRoute } from './route.js';
import { HttpStreams } from './stream-response.js';

export interface RouteAnswersOptions {
  /** In order of precedence. */
  readonly routes: readonly HttpRoute[];
  /** Called with each error that a route throws. The peer only gets 500. */
  readonly onRouteError: ((error: unknown) => void) | undefined;
  readonly clock: Clock;
  /** Called before a stream is sent, which can take longer than a handshake. */
  readonly onStream: (socket: Socket) => void;
}

/** Answers plain requests with the routes of a port. */
export class RouteAnswers {
  readonly #options: RouteAnswersOptions;
  readonly #streams: HttpStreams;

  constructor(options: RouteAnswersOptions) {
    this.#options = options;
    this.#streams = new HttpStreams(options.clock);
  }

  /** Sends the answer of the first route that returns one. Never rejects. @param otherwise answers if no route does */
  async answer(
    asked: HttpRequest,
    request: IncomingMessage,
    response: ServerResponse,
    otherwise: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<void> {
    try {
      for (const route of this.#options.routes) {
        const answer = await route.answer?.(asked);
        if (answer === undefined) continue;
        this.#send(response, answer);
        return;
      }
      otherwise(request, response);
    } catch (error) {
      if (error instanceof BodyTooLarge) send(response, 413, error.message);
      else if (!request.destroyed || request.complete) this.#fail(error, response);
    }
  }

  /** Ends all streams. */
  clear(): void {
    this.#streams.clear();
  }

  #send(response: ServerResponse, { status, type, headers, body = '' }: HttpAnswer): void {
    if (!(body instanceof Readable)) {
      send(response, status, body, { type, headers });
      return;
    }
    if (response.destroyed || response.req.method === 'HEAD' || this.#streams.isFull) {
      body.destroy();
      if (response.req.method === 'HEAD') {
        writeHead(response, status, { type, headers });
        response.end();
      } else send(response, 503, 'too many answers are being sent; try again later');
      return;
    }
    this.#options.onStream(response.req.socket);
    writeHead(response, status, { type, headers });
    this.#streams.send(response, body);
  }

  /** The details of an internal error go to the log, not to the peer. */
  #fail(error: unknown, response: ServerResponse): void {
    this.#options.onRouteError?.(error);
    if (response.headersSent) response.destroy();
    else send(response, 500, 'internal error');
  }
}
