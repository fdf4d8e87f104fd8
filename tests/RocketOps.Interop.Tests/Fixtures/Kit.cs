using RocketOps.Testing;

namespace RocketOps.Interop.Tests.Fixtures;

/// <summary>A test that needs a foreign program says so here.</summary>
internal static class Kit
{
    /// <summary>Skips the test, with the reason, where the kit is missing.</summary>
    public static void Require(string folder)
    {
        string? reason = SharedKits.WhyMissing(folder);
        Skip.If(reason is not null, reason);
    }
}
