namespace RocketOps.Embedded.Kubelet.Objects;

internal static class ObjectKey
{
    public static string Of(string ns, string name) => $"{ns}/{name}";

    public static (string Namespace, string Name) Split(string key)
    {
        int slash = key.IndexOf('/', StringComparison.Ordinal);
        return (key[..slash], key[(slash + 1)..]);
    }
}
