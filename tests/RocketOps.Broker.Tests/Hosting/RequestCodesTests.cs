using RocketOps.Broker.Hosting;
using RocketOps.Broker.Tests.Support;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Tests.Hosting;

public sealed class RequestCodesTests
{
    /// <summary>Frozen: clients rely on every one of these. The list only grows.</summary>
    private static readonly int[] Served =
    [
        10, 11, 12, 14, 15, 17, 18, 21, 25, 26, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 41, 42, 43, 45, 46, 60, 61, 200, 201, 202, 203, 204, 207, 208, 215, 222, 223, 225, 300, 303, 305, 306, 307, 308, 309,
        310, 314, 315, 316, 317, 320, 321, 323, 324, 325, 328, 329, 343, 345, 351, 352, 353, 361, 370, 400, 401, 402, 513, 907, 71005, 560001, 560002,
    ];

    [Fact]
    public async Task Register_Codes_AreTheseAndOnlyThese()
    {
        await using TestBroker broker = await TestBroker.StartAsync();

        BrokerHandlers.Register(broker.Host.Parts).Codes.Should().BeEquivalentTo(Served);
    }

    [Fact]
    public async Task Register_CodesWhoseAnswersMayBeMegabytes_TakeTurns()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        RequestHandlerRegistry registry = BrokerHandlers.Register(broker.Host.Parts);

        foreach (int code in (int[])
        [
            RequestCode.QueryMessage, RequestCode.ViewMessageById, RequestCode.GetAllTopicConfig, RequestCode.GetAllSubscriptionGroupConfig, RequestCode.GetAllConsumerOffset,
            RequestCode.GetAllMessageRequestMode, RequestCode.GetTopicStatsInfo, RequestCode.GetConsumeStats, RequestCode.GetBrokerConsumeStats, RequestCode.GetGroupSummaries,
            RequestCode.QueryConsumeQueue, RequestCode.GetConsumerConnectionList, RequestCode.GetProducerConnectionList, RequestCode.GetAllProducerInfo, RequestCode.QueryTopicConsumeByWho,
            RequestCode.QueryTopicsByConsumer,
        ])
        {
            registry.TryGet(code, out IRequestHandler? handler).Should().BeTrue();
            handler.Should().BeAssignableTo<HeavyRequestHandler>($"request code {code} is asked for by small requests");
        }
    }
}
