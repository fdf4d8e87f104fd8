using System.Buffers;

namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>Names of objects and namespaces: what Kubernetes lets them be, less what would need escaping in a path.</summary>
internal static class KubernetesName
{
    private const int MaxLength = 253;

    private static readonly SearchValues<char> Characters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-.");

    public static bool IsValid(string name) =>
        name.Length is > 0 and <= MaxLength && !name.AsSpan().ContainsAnyExcept(Characters) && char.IsAsciiLetterOrDigit(name[0]) && char.IsAsciiLetterOrDigit(name[^1])
        && !name.Contains("..", StringComparison.Ordinal);
}
