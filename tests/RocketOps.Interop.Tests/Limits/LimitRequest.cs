namespace RocketOps.Interop.Tests.Limits;

/// <summary>A request at or beyond a limit, under a name that says which.</summary>
internal sealed record LimitRequest(string Name, int Code, IReadOnlyDictionary<string, string> Fields, ReadOnlyMemory<byte> Body = default);
