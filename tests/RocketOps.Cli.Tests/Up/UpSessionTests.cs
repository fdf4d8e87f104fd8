using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Cli.Running;
using RocketOps.Cli.Tests.Support;
using RocketOps.Cli.Up;
using RocketOps.Testing;
using Spectre.Console;

namespace RocketOps.Cli.Tests.Up;

public sealed class UpSessionTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Run_OperatorEnds_SaysSoAndFails()
    {
        using TempDirectory folder = new();
        using DataDirectory data = DataDirectory.Open(folder.File("data"));
        await using ControlPlane plane = await ControlPlane.StartAsync(data, 0, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        await using StringWriter output = new();
        UpSession session = Session(new UpOptions { Files = [], DataDirectory = data.Path }, output);
        using UpRegistration registration = new(null, data.Path, NullLogger.Instance);
        Task<int> run = session.RunAsync(plane, data, [], registration, NullLoggerFactory.Instance, CancellationToken.None);

        await plane.Operator.DisposeAsync();

        Func<Task> end = () => run.WaitAsync(Deadline);
        (await end.Should().ThrowAsync<CommandFailedException>()).WithMessage($"The operator has ended*{data.LogFile}*");
        output.ToString().Should().Contain("operator: The operator has ended");
    }

    [Fact]
    public async Task Run_NothingToWaitFor_EndsWhenAskedTo()
    {
        using TempDirectory folder = new();
        await using StringWriter output = new();

        int code = await Session(new UpOptions { Files = [], DataDirectory = folder.File("my data"), Exit = true }, output).RunAsync(CancellationToken.None).WaitAsync(Deadline);

        code.Should().Be(0, output.ToString());
        output.ToString().Should().Contain("nothing runs: There is no cluster yet").And.EndWith($" up --data '{folder.File("my data")}'\n", "nothing runs any more that other commands could be tried with");
        output.ToString().Should().Contain("Try next: start it again and leave it running.\n");
        output.ToString().Should().Contain($"export KUBECONFIG='{folder.File("my data")}/kubeconfig'");
        (await File.ReadAllBytesAsync(Path.Combine(folder.File("my data"), "logs", "rocketops.log")))[0].Should().Be((byte)'2', "a year begins it, no byte order mark");
    }

    /// <summary>Ctrl-C at a terminal where manifests are typed: the read goes on waiting, the command does not.</summary>
    [Fact]
    public async Task Run_InterruptedWhileManifestsAreTyped_EndsAtOnce()
    {
        using TempDirectory folder = new();
        using CancellationTokenSource stop = new();
        await using SilentStream input = new();
        await using StringWriter output = new();
        UpOptions options = new() { Files = ["-"], DataDirectory = folder.File("data") };
        Task<int> run = new UpSession(options, Plain(output), At(output) with { Input = input, IsInputTerminal = true }).RunAsync(stop.Token);

        await stop.CancelAsync();

        (await run.WaitAsync(Deadline)).Should().Be(ExitCodes.Interrupted);
        output.ToString().Should().Be("Manifests are read from here; Ctrl-D ends them.\n");
        Directory.Exists(options.DataDirectory).Should().BeFalse("nothing was started");
    }

    [Fact]
    public async Task Run_ManifestsByAPipe_AreReadFromIt()
    {
        using TempDirectory folder = new();
        await using MemoryStream input = new("kind: [\n"u8.ToArray());
        await using StringWriter output = new();

        Func<Task> run = () => new UpSession(new UpOptions { Files = ["-"], DataDirectory = folder.File("data") }, Plain(output), At(output) with { Input = input }).RunAsync(CancellationToken.None);

        (await run.Should().ThrowAsync<CommandFailedException>()).WithMessage("*standard input*");
        output.ToString().Should().BeEmpty("nobody types");
    }

    [Theory]
    [InlineData("quickstart.yaml", true, true, true)]
    [InlineData("-", true, true, true)]
    [InlineData("-", false, true, true)]
    [InlineData("quickstart.yaml", false, true, false)]
    [InlineData("-", false, false, false)]
    [InlineData("-", true, false, false)]
    public void DrawsScreen_OutputIsATerminal_UnlessAScriptGivesTheInput(string file, bool isInputTerminal, bool isOutputTerminal, bool drawsScreen)
    {
        UpOptions options = new() { Files = [file], DataDirectory = "data" };
        Shell shell = At(TextWriter.Null) with { IsInputTerminal = isInputTerminal, IsOutputTerminal = isOutputTerminal };

        UpSession.DrawsScreen(canBe: true, shell, options).Should().Be(drawsScreen);
        UpSession.DrawsScreen(canBe: false, shell, options).Should().BeFalse();
    }

    [Fact]
    public void State_OperatorEnded_IsNotReady() => (UpState.Empty with { OperatorEnd = "ended" }).IsReady.Should().BeFalse();

    private static UpSession Session(UpOptions options, StringWriter output) => new(options, Plain(output), At(output));

    private static IAnsiConsole Plain(StringWriter output) => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Interactive = InteractionSupport.No });

    private static Shell At(TextWriter output) => new() { Output = output, OutputBytes = Stream.Null, Error = output, Input = Stream.Null, Patience = CliRun.Patience };
}
