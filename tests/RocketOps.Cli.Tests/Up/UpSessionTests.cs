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

    [Fact]
    public void State_OperatorEnded_IsNotReady() => (UpState.Empty with { OperatorEnd = "ended" }).IsReady.Should().BeFalse();

    private static UpSession Session(UpOptions options, StringWriter output) => new(
        options,
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Interactive = InteractionSupport.No }),
        new Shell { Output = output, OutputBytes = Stream.Null, Error = output, Input = Stream.Null, Patience = CliRun.Patience });
}
