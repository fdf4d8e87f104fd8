using RocketOps.Testing.Rings;

namespace RocketOps.Store.Tests.Support;

/// <summary>How often what is tried with random numbers is tried: some times with every run of the tests, many where the deep ring is asked for.</summary>
internal static class Depth
{
    public static int Of(int always, int deep) => RingRules.Current.IsAskedFor(RingRules.Deep) ? deep : always;
}
