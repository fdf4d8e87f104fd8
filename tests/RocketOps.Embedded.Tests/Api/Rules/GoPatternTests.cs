using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using RocketOps.Embedded.Api.Rules;

namespace RocketOps.Embedded.Tests.Api.Rules;

public sealed class GoPatternTests
{
    [Theory]
    [InlineData("^[a-z]+$", "ab", true)]
    [InlineData("^[a-z]+$", "ab\n", false)]
    [InlineData("^(a|b$)", "b\n", false)]
    [InlineData(@"^a\$$", "a$", true)]
    [InlineData(@"^a\\$", "a\\\n", false)]
    [InlineData("^[a$]+$", "$a", true)]
    [InlineData("^[^]$]$", "\n", true)]
    [InlineData(@"^[\]$]$", "$", true)]
    [InlineData("(?m)^a$", "a\nb", true)]
    [InlineData("(?i:^a)$", "A\n", false)]
    public void Translate_Dollar_IsTheVeryEnd(string pattern, string text, bool matches) =>
        Regex.IsMatch(text, GoPattern.Translate(pattern), GoPattern.Options, TimeSpan.FromSeconds(1)).Should().Be(matches);

    [Fact]
    public void Matches_InARule_EndsAtTheVeryEnd() =>
        ValidationRule.Read(new JsonObject { ["rule"] = "self.s.matches('^[a-z]+$')", ["message"] = "m" })
            .Failure(new JsonObject { ["s"] = "ab\n" }, null).Should().Be("m");

    [Fact]
    public async Task Pattern_OfADefinition_RefusesANewlineAtTheEnd()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        const string widgets = "/apis/conformance.rocketops.io/v1beta1/namespaces/default/widgets";

        (int code, JsonObject refused) = await api.SendAsync("POST", widgets, Widget("AB\\n"));

        code.Should().Be(422);
        refused["message"]!.ToString().Should().EndWith("spec.topicName in body should match '^[A-Z_]+$'");
        (await api.SendAsync("POST", widgets, Widget("AB"))).Code.Should().Be(201);
    }

    private static string Widget(string topic) => $$$"""
        {"apiVersion":"conformance.rocketops.io/v1beta1","kind":"Widget","metadata":{"name":"w"},"spec":{"replicas":1,"topicName":"{{{topic}}}"}}
        """;
}
