namespace RocketOps.Kubernetes.Informers;

/// <summary>Compares versions of objects of one kind (kubernetes.md §5.1).</summary>
public static class ResourceVersions
{
    /// <summary>True when the first is newer. False where either is missing: then nobody knows.</summary>
    public static bool IsNewer(string? left, string? right) =>
        !string.IsNullOrEmpty(left) && !string.IsNullOrEmpty(right) && IsLarger(left, right);

    /// <summary>Decimal numbers of any length without leading zero, hence compared by length first.</summary>
    internal static bool IsLarger(string left, string right) =>
        left.Length != right.Length ? left.Length > right.Length : string.CompareOrdinal(left, right) > 0;
}
