namespace RocketOps.Testing.Rings;

/// <summary>How much of what could go on for hours is tried: some with every run of the tests, more where the deep ring is asked for.</summary>
public static class Depth
{
    /// <summary>The deep ring is asked for.</summary>
    public static bool IsDeep { get; } = RingRules.Current.IsAskedFor(RingRules.Deep);

    public static int Of(int always, int deep) => IsDeep ? deep : always;
}
