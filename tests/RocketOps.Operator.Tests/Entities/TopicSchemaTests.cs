using RocketOps.Kubernetes.Client;
using RocketOps.Operator.Entities;
using RocketOps.Protocol.Names;

namespace RocketOps.Operator.Tests.Entities;

/// <summary>What the definition of Topic takes and refuses, in the words a user sees.</summary>
public sealed class TopicSchemaTests : IAsyncLifetime
{
    private DefinedKind<Topic> _topics = null!;

    public async Task InitializeAsync() => _topics = await DefinedKind<Topic>.StartAsync(OperatorJsonContext.Default.Topic);

    public async Task DisposeAsync() => await _topics.DisposeAsync();

    [Theory]
    [InlineData("""{"groups":[]}""", "spec.groups in body should have at least 1 items")]
    [InlineData("""{"groups":[1,1]}""", "spec.groups[1]: Duplicate value: 1")]
    [InlineData("""{"groups":[-1]}""", "groups are numbers of broker groups, from 0 to 63: 1 stands for group NAME-1 of cluster NAME.")]
    [InlineData("""{"groups":[0,64]}""", "groups are numbers of broker groups, from 0 to 63: 1 stands for group NAME-1 of cluster NAME.")]
    [InlineData("""{"topicName":"a b"}""", "spec.topicName in body should match '^[%|a-zA-Z0-9_-]+$'")]
    [InlineData("""{"topicName":"%RETRY%g"}""", "topicName may not start with %RETRY%, %DLQ% or rmq_sys_: brokers make these topics themselves.")]
    [InlineData("""{"topicName":"%DLQ%g"}""", "topicName may not start with %RETRY%, %DLQ% or rmq_sys_: brokers make these topics themselves.")]
    [InlineData("""{"topicName":"rmq_sys_x"}""", "topicName may not start with %RETRY%, %DLQ% or rmq_sys_: brokers make these topics themselves.")]
    public async Task Create_Wrong_RefusedInTheseWords(string spec, string words)
    {
        KubernetesException refused = await _topics.RefusesAsync("t", spec);

        refused.IsInvalid.Should().BeTrue();
        refused.Status.Message.Should().Contain(words);
    }

    [Fact]
    public async Task Create_NameOfASystemTopic_Refused()
    {
        foreach (string name in TopicNames.SystemTopics)
        {
            KubernetesException refused = await _topics.RefusesAsync("t", $$"""{"topicName":"{{name}}"}""");

            refused.Status.Message.Should().Contain("topicName is one of the topics brokers make themselves. Choose another name.", name);
        }
    }

    [Theory]
    [InlineData("{}", false, null)]
    [InlineData("""{"order":true,"groups":[63,0]}""", true, "63,0")]
    public async Task Create_Right_Taken(string spec, bool order, string? groups)
    {
        Topic made = await _topics.CreateAsync("t", spec);

        made.Spec.Order.Should().Be(order);
        (made.Spec.Groups is { } chosen ? string.Join(',', chosen) : null).Should().Be(groups);
    }

    [Fact]
    public async Task Samples_OfDeploy_AreTaken()
    {
        foreach (Topic topic in _topics.Samples())
        {
            (await _topics.CreateAsync(topic)).Spec.Should().BeEquivalentTo(topic.Spec);
        }
    }
}
