namespace RocketOps.Testing.Remoting.Headers;

/// <summary>A request that is answered as it should, and the fields of its header.</summary>
/// <param name="Code">The request code.</param>
/// <param name="Name">RocketMQ's name of it.</param>
/// <param name="Fields">All that a handler reads.</param>
/// <param name="Body">What it carries.</param>
public sealed record HeaderRow(int Code, string Name, IReadOnlyList<HeaderField> Fields, ReadOnlyMemory<byte> Body = default)
{
    /// <summary>The header as it should be.</summary>
    public Dictionary<string, string> Header() => Fields.ToDictionary(static field => field.Name, static field => field.Value, StringComparer.Ordinal);
}
