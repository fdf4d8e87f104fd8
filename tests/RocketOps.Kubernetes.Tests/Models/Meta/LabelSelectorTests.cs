using System.Text.Json;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Tests.Models.Meta;

public sealed class LabelSelectorTests
{
    private static readonly Dictionary<string, string> Labels = new(StringComparer.Ordinal) { ["app"] = "broker", ["tier"] = "back", ["rank"] = "10" };

    [Theory]
    [InlineData("""{}""", true)]
    [InlineData("""{"matchLabels":{"app":"broker"}}""", true)]
    [InlineData("""{"matchLabels":{"app":"broker","tier":"front"}}""", false)]
    [InlineData("""{"matchLabels":{"zone":"a"}}""", false)]
    [InlineData("""{"matchExpressions":[{"key":"app","operator":"In","values":["broker","proxy"]}]}""", true)]
    [InlineData("""{"matchExpressions":[{"key":"zone","operator":"In","values":["a"]}]}""", false)]
    [InlineData("""{"matchExpressions":[{"key":"zone","operator":"NotIn","values":["a"]}]}""", true)]
    [InlineData("""{"matchExpressions":[{"key":"app","operator":"NotIn","values":["broker"]}]}""", false)]
    [InlineData("""{"matchExpressions":[{"key":"app","operator":"Exists"},{"key":"zone","operator":"DoesNotExist"}]}""", true)]
    [InlineData("""{"matchExpressions":[{"key":"rank","operator":"Gt","values":["2"]}]}""", true)]
    [InlineData("""{"matchExpressions":[{"key":"rank","operator":"Lt","values":["2"]}]}""", false)]
    [InlineData("""{"matchExpressions":[{"key":"app","operator":"Gt","values":["1"]}]}""", false)]
    [InlineData("""{"matchExpressions":[{"key":"zone","operator":"Lt","values":["1"]}]}""", false)]
    [InlineData("""{"matchExpressions":[{"key":"app","operator":"Equals","values":["broker"]}]}""", false)]
    public void Matches_AnyForm_IsAsInKubernetes(string selector, bool expected) =>
        JsonSerializer.Deserialize(selector, KubernetesJsonContext.Default.LabelSelector)!.Matches(Labels).Should().Be(expected);

    [Fact]
    public void Matches_ObjectWithoutLabels_OnlyByWhatAsksForNone()
    {
        new LabelSelector().Matches(null).Should().BeTrue();
        new LabelSelector { MatchLabels = new() { ["app"] = "broker" } }.Matches(null).Should().BeFalse();
    }
}
