using RocketOps.Embedded.Kubelet.Containers;

namespace RocketOps.Embedded.Tests.Kubelet.Containers;

public sealed class VariableExpansionTests
{
    private static readonly Dictionary<string, string> Variables = new() { ["NAME"] = "value", ["EMPTY"] = "" };

    [Theory]
    [InlineData("$(NAME)", "value")]
    [InlineData("a$(NAME)b$(EMPTY)c", "avaluebc")]
    [InlineData("$$(NAME)", "$(NAME)")]
    [InlineData("$(UNKNOWN)", "$(UNKNOWN)")]
    [InlineData("$NAME $", "$NAME $")]
    [InlineData("$(NAME", "$(NAME")]
    [InlineData("$$$(NAME)", "$value")]
    public void Expand_AsKubernetesDoes(string text, string expected) => VariableExpansion.Expand(text, Variables).Should().Be(expected);
}
