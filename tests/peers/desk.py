"""A server made with the official Python package: a tool, a resource, a template, a prompt, and a question."""

from mcp.server.mcpserver import Context, MCPServer
from pydantic import BaseModel

server = MCPServer("desk")


class Desk(BaseModel):
    number: int


@server.tool()
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@server.tool()
async def ask(context: Context) -> str:
    """Asks which desk is meant."""
    answer = await context.elicit("Which desk?", Desk)
    return answer.action


@server.resource("desk://rules")
def rules() -> str:
    return "Be kind."


@server.resource("desk://rules/{number}")
def rule(number: str) -> str:
    return f"Rule {number}"


@server.prompt()
def greet(who: str) -> str:
    """Says hello."""
    return f"Say hello to {who}."


if __name__ == "__main__":
    server.run()
