using System.Text.Json;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Tests.Dynamic;

public sealed class KubernetesObjectTests
{
    [Fact]
    public void SpecAs_OfAModel_IsReadOnceAndLeavesTheJson()
    {
        KubernetesObject pod = new(JsonElement.Parse("""{"metadata":{"name":"one"},"spec":{"hostname":"here","novelty":{"a":1}},"status":{"phase":"Running"}}"""));

        pod.SpecAs(KubernetesJsonContext.Default.PodSpec).Hostname.Should().Be("here");
        pod.SpecAs(KubernetesJsonContext.Default.PodSpec).Should().BeSameAs(pod.SpecAs(KubernetesJsonContext.Default.PodSpec));
        pod.StatusAs(KubernetesJsonContext.Default.PodStatus).Phase.Should().Be("Running");
        pod.Spec.GetRawText().Should().Be("""{"hostname":"here","novelty":{"a":1}}""");
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"spec":null,"status":null}""")]
    public void SpecAs_OfNone_IsEmpty(string json)
    {
        KubernetesObject pod = new(JsonElement.Parse(json));

        pod.SpecAs(KubernetesJsonContext.Default.PodSpec).Containers.Should().BeNull();
        pod.StatusAs(KubernetesJsonContext.Default.PodStatus).Phase.Should().BeNull();
    }

    [Fact]
    public void SpecAs_OfAnotherForm_Throws()
    {
        KubernetesObject pod = new(JsonElement.Parse("""{"spec":{"containers":7}}"""));

        FluentActions.Invoking(() => pod.SpecAs(KubernetesJsonContext.Default.PodSpec)).Should().Throw<JsonException>();
    }
}
