/** Health checks and metrics of a router as a service. */

export { health, type HealthService, type HealthServiceOptions } from './health-service.js';
