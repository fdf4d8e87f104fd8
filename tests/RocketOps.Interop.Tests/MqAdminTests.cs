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

    /// <summary>A tool that gets an answer it does not understand prints a stack trace and ends with 0 all the same.</summary>
    [SkippableFact]
    public async Task MqAdmin_QuestionsAboutTopicsAndGroups_AreAnswered()
    {
        foreach (string version in fixture.JavaVersions)
        {
            await AskAsync(fixture.Server, version);
        }
    }

    private static async Task AskAsync(ServerUnderTest server, string toolVersion)
    {
        const string cluster = ServerUnderTest.ClusterName;
        string broker = server.BrokerAddress;
        JavaClient tool = new(toolVersion, server.NameServerAddress);
        string topic = $"Asked_{toolVersion.Replace('.', '_')}";
        string group = $"g_{topic}";
        using TempDirectory directory = new();
        await Topics.CreateAsync(server, topic, queues: 2);
        await tool.RunAsync("send", topic, "--count", "4");
        await tool.RunAsync("receive", topic, "--group", group, "--count", "4", "--from", "first", "--seconds", "120");
        (string Expected, string Command, string[] Options)[] questions =
        [
            (topic, "brokerConsumeStats", ["-b", broker]),
            ("success", "exportConfigs", ["-c", cluster, "-f", directory.Path]),
            ("success", "exportMetadata", ["-c", cluster, "-f", directory.Path]),
            (ServerUnderTest.BrokerName, "topicStatus", ["-t", topic]),
            (topic, "statsAll", ["-t", topic]),
            ("OffsetID", "queryMsgByOffset", ["-t", topic, "-b", ServerUnderTest.BrokerName, "-i", "0", "-o", "0"]),
            ("Diff Total: 0", "consumerProgress", ["-g", group]),
            (group, "getConsumerConfig", ["-g", group]),
            (ServerUnderTest.BrokerName, "skipAccumulatedMessage", ["-g", group, "-t", topic]),
            ("success", "updateTopicPerm", ["-t", topic, "-b", broker, "-p", "4"]),
            ("success", "updateSubGroup", ["-b", broker, "-g", group, "-r", "3"]),
            ("success", "deleteSubGroup", ["-b", broker, "-g", group]),
        ];
        foreach ((string expected, string command, string[] options) in questions)
        {
            string said = await tool.AdminAsync(command, options);

            said.Should().Contain(expected, "{0} of version {1}", command, toolVersion).And.NotContain("Exception", "{0} of version {1}", command, toolVersion);
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

        await Eventually.TrueAsync(() => Topics.HasRouteAsync(server, topic), $"{server.Name}: route of {topic}");
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
