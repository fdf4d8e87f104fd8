namespace RocketOps.Protocol.Framing;

/// <summary>
/// The peer sent bytes that are no frame. The connection cannot be trusted to be in step any more and is closed; the message says which field was wrong.
/// </summary>
public sealed class FrameFormatException : Exception
{
    public FrameFormatException(string message)
        : base(message)
    {
    }

    public FrameFormatException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
