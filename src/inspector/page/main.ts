import { Inspector } from './inspector.js';

const inspector = new Inspector();
document.body.replaceChildren(inspector.element);
inspector.start();
