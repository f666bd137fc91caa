//! Playbooks of the turn machine: inputs and the effects they lead to.
