namespace RocketOps.Embedded;

/// <summary>A log cannot be read; the message is shown to the user (<c>container "c" in pod "p" is waiting to start: …</c>).</summary>
public sealed class PodLogUnavailableException(string message) : Exception(message);
