//! The bundled servers.
