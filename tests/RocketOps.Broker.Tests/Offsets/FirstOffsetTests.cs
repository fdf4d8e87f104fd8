using RocketOps.Broker.Handlers.Offsets;
using RocketOps.Broker.Hosting.Modules;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Tests.Offsets;

/// <summary>Where a group that has committed nothing is told to begin.</summary>
public sealed class FirstOffsetTests
{
    // 40 percent of it are a million bytes.
    private const long MachineBytes = 2_500_000;

    private const string? None = null;

    [Fact]
    public async Task Query_NothingCommitted_TheQueuesOwnFirstMessageDecides()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.SendAsync("Old", "first");
        for (int i = 0; i < 4; i++)
        {
            await broker.SendAsync("Old", new string('x', 500_000));
        }

        await broker.SendAsync("New", "first");
        await broker.CreateTopicAsync("Empty");

        (await AskAsync(broker, "Old")).Should().Be((ResponseCode.QueryNotFound, None, "Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first"));
        (await AskAsync(broker, "New")).Should().Be((ResponseCode.Success, "0", None), "the log is longer than what is in memory, and the queue begins at its end");
        (await AskAsync(broker, "Empty")).Should().Be((ResponseCode.Success, "0", None));
        (await AskAsync(broker, "New", setZero: false)).Should().Be((ResponseCode.QueryNotFound, None, "Not found, do not set to zero, maybe this group boot first"));
        (await AskAsync(broker, "Missing")).Code.Should().Be(ResponseCode.QueryNotFound);
    }

    private static async Task<(int Code, string? Offset, string? Remark)> AskAsync(TestBroker broker, string topic, bool setZero = true)
    {
        BrokerModules modules = broker.Host.Modules;
        QueryConsumerOffsetHandler handler = new(modules.Offsets.Consumers, modules.Topics.Topics, modules.Host.Store, modules.Host.Options<PullOptions>(), MachineBytes);
        RemotingCommand request = Requests.Progress("new", topic, 0);
        if (!setZero)
        {
            request.Set("setZeroIfNotFound", false);
        }

        RemotingCommand? answer = await handler.HandleAsync(connection: null!, request, CancellationToken.None);
        return (answer!.Code, answer.Get("offset"), answer.Remark);
    }
}
