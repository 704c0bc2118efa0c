//! IVR flows: the YAML model, its checker and the interpreter.
