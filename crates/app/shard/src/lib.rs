//! The call-processing task: owns the core for its calls and carries out what the core decides.
