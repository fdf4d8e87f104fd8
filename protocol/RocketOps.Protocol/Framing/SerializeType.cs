namespace RocketOps.Protocol.Framing;

/// <summary>Format of a frame's header; the byte at offset 4 of the frame. Source: remoting.md §1.1.</summary>
public enum SerializeType : byte
{
    /// <summary>A JSON object.</summary>
    Json = 0,

    /// <summary>RocketMQ's binary header.</summary>
    RocketMq = 1,
}
