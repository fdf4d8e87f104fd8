using RocketOps.Hosting.Properties;

namespace RocketOps.Hosting.Tests.Properties;

public sealed class PropertyCatalogTextTests
{
    private static readonly PropertyCatalog Catalog = new(
    [
        PropertyDefinition.Int32("anInt", 5, 1, 10),
        PropertyDefinition.Int64("aLong", -3, -5, 1L << 40),
        PropertyDefinition.Double("aDouble", 0.5, 0.25, 0.75),
        PropertyDefinition.Boolean("aBoolean", true),
        PropertyDefinition.Text("aText", "/home/somebody"),
        PropertyDefinition.Text("anAddress", "x", "an address", static text => text == "x"),
        PropertyDefinition.Choice("aChoice", 1, new Dictionary<string, int>(StringComparer.Ordinal) { ["ONE"] = 1, ["TWO"] = 2 }),
        PropertyDefinition.Only("anOnly", "false", "there is none (yet)"),
        PropertyDefinition.Ignored("anIgnored", "nothing to act on"),
        PropertyDefinition.Unsupported("anUnsupported", "do something else"),
        PropertyDefinition.Boolean("liveBoolean", false, live: true),
        PropertyDefinition.Text("liveText", "DefaultRegion", live: true),
    ]);

    [Fact]
    public void Write_Catalog_OneLineEachWithoutWhatIsOfThisMachine() => PropertyCatalogText.Write(Catalog).Should().Be(
        "aBoolean\tbool\ttrue\t\t\naChoice\tchoice ONE TWO\tONE\t\t\naDouble\tdouble 0.25 0.75\t0.5\t\t\naLong\tlong -5 1099511627776\t-3\t\t\naText\ttext\t\t\t\n"
        + "anAddress\tcode\t\tan address\t\nanIgnored\tignored\t\t\t\nanInt\tint 1 10\t5\t\t\nanOnly\tonly false\t\tfalse (there is none (yet))\t\nanUnsupported\tunsupported\t\tdo something else\t\n"
        + "liveBoolean\tbool\tfalse\t\tlive\nliveText\ttext\tDefaultRegion\t\tlive\n");

    [Theory]
    [InlineData("anInt", "11")]
    [InlineData("anInt", "10")]
    [InlineData("aLong", "1099511627777")]
    [InlineData("aDouble", "0.8")]
    [InlineData("aDouble", "0.75")]
    [InlineData("aBoolean", "yes")]
    [InlineData("aChoice", "two")]
    [InlineData("aChoice", "three")]
    [InlineData("anOnly", "FALSE")]
    [InlineData("anOnly", "true")]
    [InlineData("aText", "anything")]
    [InlineData("liveBoolean", "no")]
    [InlineData("liveText", "anything")]
    public void Read_WhatWasWritten_JudgesTheSame(string key, string value)
    {
        PropertyDefinition read = PropertyCatalogText.Read(PropertyCatalogText.Write(Catalog)).Find(key)!;

        read.Accepts(value).Should().Be(Catalog.Find(key)!.Accepts(value));
        read.Allowed.Should().Be(Catalog.Find(key)!.Allowed);
        read.IsLive.Should().Be(Catalog.Find(key)!.IsLive);
    }

    [Theory]
    [InlineData("key\tint 1 2\t1\t\n")]
    [InlineData("key\tshape\t\t\t\n")]
    [InlineData("key\tonly false\t\ttrue (no)\t\n")]
    [InlineData("key\tint one 2\t1\t\t\n")]
    [InlineData("key\tint 1 2\t1\t\tdead\n")]
    public void Read_SomethingElse_FormatException(string text) => FluentActions.Invoking(() => PropertyCatalogText.Read(text)).Should().Throw<FormatException>();
}
