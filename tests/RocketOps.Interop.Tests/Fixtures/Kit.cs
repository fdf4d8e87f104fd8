using RocketOps.Testing;
using RocketOps.Testing.Rings;

namespace RocketOps.Interop.Tests.Fixtures;

/// <summary>A test that needs a foreign program says so here.</summary>
internal static class Kit
{
    /// <summary>Skips the test, with the reason, where the kit is missing; fails it where it must run (<see cref="RingRules"/>).</summary>
    public static void Require(string folder) => RequireWhat(SharedKits.WhyMissing(folder));

    /// <summary>The same for anything else that may be missing; null when it is there.</summary>
    public static void RequireWhat(string? whyMissing)
    {
        string? reason = RingRules.Current.WhySkip(RingRules.Interop, whyMissing);
        Skip.If(reason is not null, reason);
    }
}
