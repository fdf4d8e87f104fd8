using System.Text;
using RocketOps.Client.Json;
using RocketOps.Client.Routing;
using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Tests.Routing;

/// <summary>The logical queues of a static topic, from a route as a name server writes it.</summary>
public sealed class StaticTopicRouteTests
{
    [Fact]
    public void Queues_OfAStaticTopic_AreLogicalAndAtTheBrokerOfTheHighestEpoch()
    {
        TopicRoute route = Read("""{"broker-a":{"bname":"broker-a","currIdMap":{0:0,1:1},"dirty":false,"epoch":7,"scope":"__global__","topic":"T","totalQueues":4},"broker-b":{"bname":"broker-b","currIdMap":{1:0,2:1,3:2},"dirty":false,"epoch":9,"scope":"__global__","topic":"T","totalQueues":4}}""");

        TopicQueueLists.ForWrite("T", route).Should().BeEquivalentTo([Queue("broker-a", 0), Queue("broker-b", 1), Queue("broker-b", 2), Queue("broker-b", 3)]);
        TopicQueueLists.ForRead("T", route).Should().Equal(Queue("broker-a", 0), Queue("broker-b", 1), Queue("broker-b", 2), Queue("broker-b", 3));
    }

    [Fact]
    public void Queues_WhoseLeaderIsAway_AreNotLookedForElsewhere()
    {
        TopicRoute route = Read("""{"broker-a":{"currIdMap":{0:0,1:1},"epoch":7},"broker-c":{"currIdMap":{1:0,-3:1},"epoch":9}}""");

        TopicQueueLists.ForWrite("T", route).Should().Equal(Queue("broker-a", 0));
        TopicQueueLists.ForRead("T", route).Should().Equal(Queue("broker-a", 0));
    }

    [Fact]
    public void Queues_OfAnEmptyMapping_ArePlain()
    {
        TopicQueueLists.ForWrite("T", Read("{}")).Should().HaveCount(4);
    }

    private static MessageQueue Queue(string broker, int id) => new("T", broker, id);

    private static TopicRoute Read(string mappings)
    {
        RemotingCommand answer = RemotingCommand.CreateResponse(RemotingCommand.CreateRequest(RequestCode.GetRouteInfoByTopic), ResponseCode.Success);
        answer.Body = Encoding.UTF8.GetBytes(
            """{"brokerDatas":[{"brokerAddrs":{0:"127.0.0.1:1"},"brokerName":"broker-a","cluster":"c"},{"brokerAddrs":{0:"127.0.0.1:2"},"brokerName":"broker-b","cluster":"c"}],"queueDatas":[{"brokerName":"broker-a","perm":6,"readQueueNums":2,"writeQueueNums":2},{"brokerName":"broker-b","perm":6,"readQueueNums":2,"writeQueueNums":2}],"topicQueueMappingByBroker":"""
            + mappings + "}");
        return WireJson.Read(answer, WireJson.Default.TopicRoute, "127.0.0.1:9876");
    }
}
