using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Cli.Tests.Commands;

/// <summary><c>rocketops cluster switchover</c> where there is no Kubernetes to ask.</summary>
public sealed class SwitchoverCommandTests
{
    [Fact]
    public async Task Switchover_NoKubeconfig_IsOneLineThatSaysWhatToSet()
    {
        using TempDirectory folder = new();
        string missing = folder.File("none");

        ProcessResult result = await ChildProcess.RunAsync(
            Path.Combine(AppContext.BaseDirectory, "rocketops"),
            ["cluster", "switchover", "orders-0"],
            TimeSpan.FromMinutes(2),
            new Dictionary<string, string>(StringComparer.Ordinal) { ["KUBECONFIG"] = missing, ["XDG_RUNTIME_DIR"] = folder.Path });

        result.ExitCode.Should().Be(1);
        result.Error.Should().Be($"rocketops: No kubeconfig found at {missing}. Set KUBECONFIG or give a path.\n");
    }
}
