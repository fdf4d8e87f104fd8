using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
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

    /// <summary>Codes handled off the loops whose answers need not be built in turns, by what these hold at most. All others take turns, some where they are large (<see cref="LargeAnswerTests"/>): a new one belongs here for such a reason alone.</summary>
    private static readonly Dictionary<string, int[]> SmallAnswers = new(StringComparer.Ordinal)
    {
        ["nothing but a code"] =
        [
            RequestCode.UpdateAndCreateTopic, RequestCode.UpdateAndCreateTopicList, RequestCode.UpdateAndCreateStaticTopic, RequestCode.DeleteTopicInBroker, RequestCode.CleanUnusedTopic,
            RequestCode.UpdateAndCreateSubscriptionGroup, RequestCode.UpdateAndCreateSubscriptionGroupList, RequestCode.DeleteSubscriptionGroup, RequestCode.SetMessageRequestMode,
            RequestCode.CloneGroupOffset, RequestCode.UpdateBrokerConfig, RequestCode.CleanExpiredConsumeQueue, RequestCode.DeleteExpiredCommitLog, RequestCode.UnregisterClient,
            RequestCode.CheckClientConfig, RequestCode.UnlockBatchMq, RequestCode.ConsumerSendMessageBack, RequestCode.EndTransaction, RequestCode.ResumeCheckHalfMessage,
        ],
        ["a few fields"] =
        [
            RequestCode.HeartBeat, RequestCode.SendReplyMessage, RequestCode.SendReplyMessageV2, RequestCode.RecallMessage, RequestCode.QueryConsumerOffset, RequestCode.SearchOffsetByTimestamp,
            RequestCode.GetMaxOffset, RequestCode.GetMinOffset, RequestCode.GetEarliestMessageStoreTime, RequestCode.UpdateAndGetGroupForbidden, RequestCode.HandOverMaster,
        ],
        ["as many numbers in every broker"] = [RequestCode.GetBrokerConfig, RequestCode.GetBrokerRuntimeInfo, RequestCode.ViewBrokerStatsData, RequestCode.GetTimerCheckPoint],
        ["a number for each delay level of a topic"] = [RequestCode.GetAllDelayOffset],
        ["64 counts"] = [RequestCode.GetPendingMessages],
        ["the broker's own topics"] = [RequestCode.GetSystemTopicListFromBroker],
        ["an entry for each slave"] = [RequestCode.GetBrokerHaStatus],
        ["one entry of a table"] = [RequestCode.GetSubscriptionGroupConfig, RequestCode.QuerySubscriptionByConsumer],
        ["what the request names"] = [RequestCode.LockBatchMq],
        ["what one client says of itself, which is asked first"] = [RequestCode.GetConsumerRunningInfo, RequestCode.ConsumeMessageDirectly],
    };

    [Fact]
    public async Task Register_Codes_AreTheseAndOnlyThese()
    {
        await using TestBroker broker = await TestBroker.StartAsync();

        broker.Host.Modules.Codes().Codes.Should().BeEquivalentTo(Served);
    }

    [Fact]
    public async Task Register_CodesHandledOffTheLoops_TakeTurnsUnlessTheirAnswersAreSmall()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        RequestHandlerRegistry registry = broker.Host.Modules.Codes();

        IEnumerable<int> withoutTurns = registry.Codes.Where(code => registry.TryGet(code, out IRequestHandler? handler) && handler is AsyncRequestHandler and not HeavyRequestHandler);

        withoutTurns.Should().BeEquivalentTo(SmallAnswers.SelectMany(static answers => answers.Value), $"an answer with a whole table is built by a {nameof(HeavyRequestHandler)}: a thousand small requests ask for it at once");
    }
}
