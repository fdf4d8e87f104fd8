using RocketOps.Cli.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Servers;

namespace RocketOps.Cli.Tests.Commands;

/// <summary>What a former master had alone comes back into its group.</summary>
[Collection(nameof(ClusterFixture))]
public sealed class DivergedTests(ClusterFixture cluster)
{
    private const string Kept = "00000000000000000000-20261121101112013.log";

    [Fact]
    public async Task Resend_WhatAnotherMasterHadAlone_IsThereOnceWithAllItsProducerGaveIt()
    {
        using TempDirectory store = new("diverged-");
        string topic = await cluster.NewTopicAsync(queues: 2);
        await using (RocketOpsServer former = new(new ServerOptions()))
        {
            await former.StartAsync();
            string[] there = ["-n", former.NameServerAddress];
            (await CliRun.RunAsync(["topic", "create", topic, "--queues", "2", .. there])).EnsureSuccess();
            (await CliRun.RunAsync(["topic", "create", "nowhere-else", .. there])).EnsureSuccess();
            (await CliRun.RunAsync(["produce", topic, "one", "two", "--key", "o-17", "--tag", "A", "--property", "shop=17", "--queue", "1", .. there])).EnsureSuccess();
            (await CliRun.RunAsync(["produce", topic, "much later", "--delay-level", "18", .. there])).EnsureSuccess();
            (await CliRun.RunAsync(["produce", topic, "--size", "20000", .. there])).EnsureSuccess();
            (await CliRun.RunAsync(["produce", "nowhere-else", "lost", .. there])).EnsureSuccess();
            Keep(former.StoreDirectory, store);
        }

        CliRun list = (await CliRun.RunAsync("store", "diverged", store.Path)).EnsureSuccess();
        list.Output.Should().MatchRegex($@"{Kept}\s+\S+\s+0\s+\d+\s+5\s+SCHEDULE_TOPIC_XXXX=1,{topic}=3,nowhere-else=1");
        CliRun messages = (await CliRun.RunAsync("store", "diverged", store.Path, Kept, "--messages")).EnsureSuccess();
        messages.OutputLines.Should().HaveCount(5).And.Contain(static line => line.Contains("\"shop\":\"17\"", StringComparison.Ordinal));
        (await cluster.RunAsync("store", "resend", store.Path)).Should().Match<CliRun>(static run => run.ExitCode == 1 && run.Error.Contains("Send 5 messages again?", StringComparison.Ordinal));

        CliRun sent = await cluster.RunAsync("store", "resend", store.Path, "--yes");

        sent.ExitCode.Should().Be(1, "a topic is missing");
        sent.Output.Should().MatchRegex($@"{topic}\s+4\s+sent").And.MatchRegex(@"nowhere-else\s+1\s+not sent: no broker takes messages of this topic");
        CliRun again = await cluster.RunAsync("store", "resend", store.Path, "--yes", "--topic", topic);
        again.EnsureSuccess().Output.Should().MatchRegex($@"{topic}\s+4\s+left out: the cluster has it");
        CliRun read = (await cluster.RunAsync("consume", topic, "--exit", "--from", "beginning", "-o", "json")).EnsureSuccess();
        read.OutputLines.Should().HaveCount(3, "one waits");
        string one = read.OutputLines.Single(static line => line.Contains("\"body\":\"one\"", StringComparison.Ordinal));
        one.Should().Contain("\"shop\":\"17\"").And.Contain("o-17").And.Contain("\"tag\":\"A\"").And.Contain("\"queue\":1");
        CliRun stored = (await CliRun.RunAsync("store", "dump", "--no-units", cluster.Cluster.StoreDirectory)).EnsureSuccess();
        stored.OutputLines.Where(line => line.Contains("\"topic\":\"SCHEDULE_TOPIC_XXXX\"", StringComparison.Ordinal) && line.Contains($"\"REAL_TOPIC\":\"{topic}\"", StringComparison.Ordinal))
            .Should().ContainSingle("it waits again, once").Which.Should().Contain("\"DELAY\":\"18\"");
    }

    [Fact]
    public async Task Diverged_OfAStoreThatWasNeverCut_SaysSo()
    {
        CliRun list = await CliRun.RunAsync("store", "diverged", cluster.Cluster.StoreDirectory);
        CliRun unknown = await CliRun.RunAsync("store", "diverged", cluster.Cluster.StoreDirectory, "x.log");
        CliRun resend = await cluster.RunAsync("store", "resend", cluster.Cluster.StoreDirectory);

        list.Should().Match<CliRun>(static run => run.ExitCode == 0 && run.Error == "nothing was cut off the log of this store\n");
        unknown.Should().Match<CliRun>(static run => run.ExitCode == 1 && run.Error.Contains("has no file x.log", StringComparison.Ordinal));
        resend.Should().Match<CliRun>(static run => run.ExitCode == 0 && run.Error == "there is nothing to send again\n");
    }

    /// <summary>A whole log as one that was cut at 0.</summary>
    private static void Keep(string storeDirectory, TempDirectory store)
    {
        Directory.CreateDirectory(store.File("commitlog"));
        Directory.CreateDirectory(store.File("diverged"));
        byte[] log = File.ReadAllBytes(Directory.GetFiles(Path.Combine(storeDirectory, "commitlog")).Order(StringComparer.Ordinal).First());
        File.WriteAllBytes(Path.Combine(store.File("diverged"), Kept), log.AsSpan().TrimEnd((byte)0));
    }
}
