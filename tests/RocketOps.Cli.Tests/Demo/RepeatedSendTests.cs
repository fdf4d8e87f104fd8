using RocketOps.Cli.Demo;
using RocketOps.Cli.Running;
using RocketOps.Client;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Cli.Tests.Demo;

/// <summary>A send of the demo that fails is tried again until there is no time left.</summary>
public sealed class RepeatedSendTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private readonly FakeTimeProvider _time = new();
    private readonly List<int> _tries = [];

    [Fact]
    public async Task Run_RefusedForAWhile_IsSentUntilItIsTaken()
    {
        Task run = new RepeatedSend(_time, Limit).RunAsync(
            7,
            attempt =>
            {
                _tries.Add(attempt);
                return attempt switch
                {
                    0 => throw new RocketMqException("127.0.0.1:1 did not answer a send within 3000 ms"),
                    1 => Task.FromResult(Answer(SendStatus.FlushSlaveTimeout)),
                    _ => Task.FromResult(Answer(SendStatus.SendOk)),
                };
            },
            CancellationToken.None);

        await AdvanceUntilAsync(run);

        await run;
        _tries.Should().Equal(0, 1, 2);
    }

    [Fact]
    public async Task Run_NeverTaken_FailsAtTheEndOfTheTimeWithTheLastReason()
    {
        Task run = new RepeatedSend(_time, Limit).RunAsync(
            7,
            attempt =>
            {
                _tries.Add(attempt);
                throw new RocketMqException("no room");
            },
            CancellationToken.None);

        await AdvanceUntilAsync(run);

        Func<Task> end = () => run;
        (await end.Should().ThrowAsync<CommandFailedException>()).WithMessage("The demo's message 7 was sent * times in 2 s and not taken: no room.").WithInnerException<RocketMqException>();
        _tries.Should().HaveCountGreaterThan(1, "it was tried again");
    }

    private static SendResult Answer(SendStatus status) => new(status, "id", "offset id", new MessageQueue("topic", "broker", 0), 0);

    /// <summary>Lets one pause after the other pass.</summary>
    private async Task AdvanceUntilAsync(Task run) =>
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(200));
                return run.IsCompleted;
            },
            "it ends",
            TimeSpan.FromMinutes(2));
}
