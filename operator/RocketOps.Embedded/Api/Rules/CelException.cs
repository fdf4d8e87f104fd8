namespace RocketOps.Embedded.Api.Rules;

/// <summary>A rule that fails while it runs counts as violated; the message is the real server's.</summary>
internal sealed class CelException(string message) : Exception(message);
