using RocketOps.Cli.Running;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;

namespace RocketOps.Cli.Tests.Terminals;

/// <summary>What ends <c>rocketops up</c> at a terminal, and what manifests by standard input change of that.</summary>
[Trait("ring", RingRules.Programs)]
public sealed class UpKeysTests
{
    private const string Namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: mq}}\n";
    private const string CtrlC = "\x03";
    private const string CtrlD = "\x04";

    /// <summary>The terminal's second screen, where the live state is.</summary>
    private const string Screen = "\e[?1049h";

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    [SkippableFact]
    public async Task KeyQ_OnTheLiveScreen_Stops()
    {
        PlainTerminal.Require();
        using TempDirectory folder = new();
        await using PlainTerminal terminal = await UpAsync(folder, folder.File("mq.yaml"));
        await terminal.WroteAsync("q or Ctrl-C stops", Deadline);

        await terminal.TypeAsync("q");

        (int code, string output) = await terminal.EndAsync(Deadline);
        code.Should().Be(0, output);
        output.Should().Contain(Screen).And.Contain("Stopped. The data stays");
    }

    [SkippableFact]
    public async Task CtrlC_WhileManifestsAreTyped_OnceIsEnough()
    {
        PlainTerminal.Require();
        using TempDirectory folder = new();
        await using PlainTerminal terminal = await UpAsync(folder, "-");
        await terminal.WroteAsync("Ctrl-D ends them", Deadline);

        await terminal.TypeAsync(CtrlC);

        (int code, string output) = await terminal.EndAsync(Deadline);
        code.Should().Be(ExitCodes.Interrupted, output);
        output.Should().NotContain(Screen, "nothing was started");
    }

    [SkippableFact]
    public async Task ManifestsTyped_EvenBeforeItReads_ThenTheLiveScreenTakesKeys()
    {
        PlainTerminal.Require();
        using TempDirectory folder = new();
        await using PlainTerminal terminal = await UpAsync(folder, "-");

        await terminal.TypeAsync(Namespace + CtrlD);
        await terminal.WroteAsync("Ctrl-D ends them", Deadline);
        await terminal.WroteAsync("q or Ctrl-C stops", Deadline);
        await terminal.TypeAsync("q");

        (int code, string output) = await terminal.EndAsync(Deadline);
        code.Should().Be(0, output);
    }

    [SkippableFact]
    public async Task ManifestsByAPipe_HaveTheLiveScreenAndCtrlCEndsIt()
    {
        PlainTerminal.Require();
        using TempDirectory folder = new();
        await using PlainTerminal terminal = await UpAsync(folder, $"- < {folder.File("mq.yaml")}");
        await terminal.WroteAsync("Ctrl-C stops", Deadline);

        await terminal.TypeAsync(CtrlC);

        (int code, string output) = await terminal.EndAsync(Deadline);
        code.Should().Be(0, output);
        output.Should().Contain(Screen).And.Contain("Stopped. The data stays").And.NotContain("q or Ctrl-C", "keys do not come from there");
    }

    private static async Task<PlainTerminal> UpAsync(TempDirectory folder, string file)
    {
        await File.WriteAllTextAsync(folder.File("mq.yaml"), Namespace);
        return PlainTerminal.Start(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["XDG_RUNTIME_DIR"] = folder.Path, ["NAMESRV_ADDR"] = string.Empty },
            $"{Programs.RocketOps} up --data {folder.File("data")} {file}");
    }
}
