using RocketOps.Cli.Exporting;

namespace RocketOps.Cli.Tests.Exporting;

/// <summary>One object for what several brokers have.</summary>
public sealed class ObjectExporterTests
{
    private static readonly BrokerFacts Four = new("""{"readQueues":4,"permission":"Read"}""", "", IsSaid: true);
    private static readonly BrokerFacts Eight = new("""{"readQueues":8,"permission":"Write"}""", "", IsSaid: true);

    [Fact]
    public void Write_BrokersAgree_SaysNothingElse()
    {
        ExportedObject made = Write(["a", "b"], ("a", Four), ("b", Four));

        made.Notes.Should().BeEmpty();
        made.ToYaml(null).Should().Be("""
            apiVersion: rocketops.io/v1beta1
            kind: Topic
            metadata:
              name: orders
            spec:
              clusterRef:
                name: one
              topicName: Orders
              readQueues: 4
              permission: Read
              managementPolicy: Manage
              adoptionPolicy: AdoptIfIdentical

            """);
    }

    [Fact]
    public void Write_BrokersDiffer_TakesWhatMostHaveAndTellsFieldByField()
    {
        ExportedObject made = Write(["a", "b", "c"], ("a", Eight), ("b", Four), ("c", Four));

        made.Notes.Should().Equal("on a: readQueues is 8, not 4; permission is Write, not Read. Written as on b, c; the operator changes nothing where brokers differ and says Conflict.");
        made.ToYaml("mq").Should().StartWith("# on a: ").And.Contain("  namespace: mq\n").And.Contain("readQueues: 4\n").And.Contain("managementPolicy: Manage\n");
    }

    [Fact]
    public void Write_AsManyHaveEither_TakesTheFirst() =>
        Write(["a", "b"], ("a", Eight), ("b", Four)).Notes.Should().ContainSingle().Which.Should().StartWith("on b: readQueues is 4, not 8").And.Contain("Written as on a;");

    [Fact]
    public void Write_ABrokerLacksIt_OnlyWatches()
    {
        ExportedObject made = Write(["a", "b"], ("b", Four));

        made.Notes.Should().Equal("not on a: with managementPolicy Manage it would be made there.", "Therefore managementPolicy is Observe: the operator writes nothing.");
        made.ToYaml(null).Should().Contain("managementPolicy: Observe\n");
    }

    [Fact]
    public void Write_NotSaidOnOne_OnlyWatchesAndTellsWhere()
    {
        ExportedObject made = Write(["a", "b"], ("a", Four), ("b", Four with { IsSaid = false, Beyond = "permission is 0" }));

        made.Notes.Should().Equal("on b: permission is 0.", "Therefore managementPolicy is Observe: the operator writes nothing.");
        made.ToYaml(null).Should().Contain("managementPolicy: Observe\n");
    }

    [Fact]
    public void Write_LeftAloneEverywhere_TellsItOnceAndManages()
    {
        ExportedObject made = Write(["a", "b"], ("a", Four with { Beyond = "order is true" }), ("b", Four with { Beyond = "order is true" }));

        made.Notes.Should().Equal("order is true.");
        made.ToYaml(null).Should().Contain("managementPolicy: Manage\n");
    }

    [Fact]
    public void MergedTable_BrokersHaveTheSame_KeepsItOnce()
    {
        MergedTable table = new();
        table.Add("t", "a", Four);
        table.Add("u", "b", Four with { });

        table.Find("u")[0].Facts.Should().BeSameAs(table.Find("t")[0].Facts);
    }

    [Theory]
    [InlineData("one", true)]
    [InlineData("one-0", true)]
    [InlineData("one-17", true)]
    [InlineData("one-", false)]
    [InlineData("one-a", false)]
    [InlineData("one-0a", false)]
    [InlineData("ones", false)]
    public void ClusterRef_NamesOfServers_AreTheClusterAndItsGroups(string topic, bool isOfServers) => new ClusterRef("one", null).IsNameOfServers(topic).Should().Be(isOfServers);

    private static ExportedObject Write(string[] masters, params (string Broker, BrokerFacts Facts)[] found) =>
        new ObjectExporter("Topic", "topicName", new ClusterRef("one", null), masters, isObserved: false).Write("Orders", "orders", found);
}
