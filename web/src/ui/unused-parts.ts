// Element Plus brings these two with every form and every button, for features that the console does not use: rules of its own (ours
// come from the API, crud/rules.ts) and buttons of any colour. The build puts this in their place; it saves the sign-in page 12 KB.

/** Stands for `async-validator`. */
export default class Validator {
  constructor() {
    throw new Error('the forms of the console are checked by crud/rules.ts, not by rules of Element Plus');
  }
}

/** Stands for `@ctrl/tinycolor`. */
export class TinyColor {
  constructor() {
    throw new Error('the colours of the console come from styles/tokens.css, not from the property `color`');
  }
}
