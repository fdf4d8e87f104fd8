using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>Apache's own admin tool administers the cluster.</summary>
public abstract class MqAdminTests(ServerFixture fixture)
{
    [SkippableFact]
    public async Task MqAdmin_TopicLifeCycle_SeenByEveryCommand()
    {
        foreach (string version in fixture.JavaVersions)
        {
            await TopicLifeCycleAsync(fixture.Server, version);
        }
    }

    private static async Task TopicLifeCycleAsync(ServerUnderTest server, string toolVersion)
    {
        JavaClient tool = new(toolVersion, server.NameServerAddress);
        string topic = $"Admin_{toolVersion.Replace('.', '_')}";

        string clusters = await tool.AdminAsync("clusterList");
        clusters.Should().MatchRegex($@"{ServerUnderTest.ClusterName}\s+{ServerUnderTest.BrokerName}\s+0\s+{server.BrokerAddress}");

        string created = await tool.AdminAsync("updateTopic", "-c", ServerUnderTest.ClusterName, "-t", topic, "-r", "6", "-w", "3", "-p", "6");
        created.Should().Contain($"create topic to {server.BrokerAddress} success");
        created.Should().ContainAll($"topicName={topic}", "readQueueNums=6", "writeQueueNums=3", "perm=RW-");

        string route = await tool.AdminAsync("topicRoute", "-t", topic);
        route.Should().ContainAll(server.BrokerAddress, $"\"{ServerUnderTest.BrokerName}\"", "\"readQueueNums\":6", "\"writeQueueNums\":3", "\"perm\":6");

        (await ListAsync(tool)).Should().Contain(topic);

        string deleted = await tool.AdminAsync("deleteTopic", "-c", ServerUnderTest.ClusterName, "-t", topic);
        deleted.Should().Contain($"delete topic [{topic}] from cluster [{ServerUnderTest.ClusterName}] success")
            .And.Contain($"delete topic [{topic}] from NameServer success");
        await Eventually.TrueAsync(async () => !await Topics.HasRouteAsync(server, topic), $"{server.Name}: the route of {topic} is gone");
        (await ListAsync(tool)).Should().NotContain(topic);
    }

    private static async Task<string[]> ListAsync(JavaClient tool) =>
        (await tool.AdminAsync("topicList")).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
