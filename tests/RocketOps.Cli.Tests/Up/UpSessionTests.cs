using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Cli.Up;
using RocketOps.Testing;
using Spectre.Console;

namespace RocketOps.Cli.Tests.Up;

[Collection(nameof(UsualAddress))]
public sealed class UpSessionTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Run_OperatorEnds_SaysSoAndFails()
    {
        using TempDirectory folder = new();
        using DataDirectory data = DataDirectory.Open(folder.File("data"));
        await using ControlPlane plane = await ControlPlane.StartAsync(data, 0, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        await using StringWriter output = new();
        UpSession session = new(
            new UpOptions { Files = [], DataDirectory = data.Path },
            AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Interactive = InteractionSupport.No }),
            TimeProvider.System);
        Task<int> run = session.RunAsync(plane, data, [], NullLoggerFactory.Instance, CancellationToken.None);

        await plane.Operator.DisposeAsync();

        Func<Task> end = () => run.WaitAsync(Deadline);
        (await end.Should().ThrowAsync<CommandFailedException>()).WithMessage($"The operator has ended*{data.LogFile}*");
        output.ToString().Should().Contain("operator: The operator has ended");
    }

    [Fact]
    public void State_OperatorEnded_IsNotReady() => (UpState.Empty with { OperatorEnd = "ended" }).IsReady.Should().BeFalse();
}
