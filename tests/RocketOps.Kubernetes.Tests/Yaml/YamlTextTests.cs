using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using RocketOps.Kubernetes.Yaml;
using YamlDotNet.RepresentationModel;

namespace RocketOps.Kubernetes.Tests.Yaml;

public sealed class YamlTextTests
{
    [Fact]
    public void Write_NestedMapsAndLists_AreBlocks()
    {
        JsonNode node = JsonNode.Parse("""{"b":[{"y":1,"x":{"k":"v"}},"plain"],"a":{},"c":[],"n":null,"t":true,"s":"true"}""")!;

        YamlText.Write(node).Should().Be("""
            a: {}
            b:
            - x:
                k: v
              "y": 1
            - plain
            c: []
            s: "true"
            t: true

            """.ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData("no")]
    [InlineData("1.0")]
    [InlineData("0x1F")]
    [InlineData("1e3")]
    [InlineData("-")]
    [InlineData("")]
    [InlineData("a: b")]
    [InlineData("a #b")]
    [InlineData("2026-11-20")]
    [InlineData(".inf")]
    [InlineData("x\ny")]
    public void Write_TextThatLooksLikeSomethingElse_IsQuoted(string text) =>
        YamlText.Write(new JsonObject { ["k"] = text }).Should().StartWith("k: \"");

    [Fact]
    public void Write_AnyText_IsReadBackTheSame() =>
        Prop.ForAll<NonNull<string>>(text => char.IsSurrogate(text.Get.FirstOrDefault()) || ReadBack(text.Get) == text.Get).QuickCheckThrowOnFailure();

    private static string? ReadBack(string text)
    {
        YamlStream stream = new YamlStream();
        stream.Load(new StringReader(YamlText.Write(new JsonObject { ["k"] = text })));
        return ((YamlScalarNode)((YamlMappingNode)stream.Documents[0].RootNode).Children["k"]).Value;
    }
}
