using RocketOps.Testing.Processes;

namespace RocketOps.Faults.Tests.Wires;

/// <summary>The program <c>ip</c>, which sets up devices.</summary>
internal static class IpCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Runs it in that place's network; throws with what it said when it fails.</summary>
    public static async Task RunAsync(ProgramPlace place, params string[] arguments)
    {
        await using ChildProcess ip = place.Start("ip", arguments, Environment.CurrentDirectory);
        (await ip.WaitAsync(Patience)).EnsureSuccess();
    }
}
