using FsCheck;
using FsCheck.Fluent;
using RocketOps.Hosting.Properties;

namespace RocketOps.Hosting.Tests.Properties;

public sealed class JavaPropertiesParserTests
{
    // Expected values follow the examples and rules of java.util.Properties.load.
    [Theory]
    [InlineData("key=value", "key", "value")]
    [InlineData("key = value", "key", "value")]
    [InlineData("key: value", "key", "value")]
    [InlineData("key value", "key", "value")]
    [InlineData("  key\t:\tvalue", "key", "value")]
    [InlineData("key=a=b:c", "key", "a=b:c")]
    [InlineData("key==a", "key", "=a")]
    [InlineData("key=value  ", "key", "value  ")]
    [InlineData("key", "key", "")]
    [InlineData("key=", "key", "")]
    [InlineData("k\\=e\\:y\\ 1=v", "k=e:y 1", "v")]
    [InlineData("path=C:\\\\data\\\\x", "path", "C:\\data\\x")]
    [InlineData("key=a\\tb\\nc\\u0041\\q", "key", "a\tb\ncAq")]
    [InlineData("key=a,\\\n   b,\\\r\n\tc", "key", "a,b,c")]
    [InlineData("key=a\\\\\nother", "key", "a\\")]
    [InlineData("# a comment \\\nkey=value", "key", "value")]
    [InlineData("! a comment\n\n \t\nkey=value", "key", "value")]
    [InlineData("key=#value", "key", "#value")]
    [InlineData("key=value\\", "key", "value")]
    public void Parse_OfJavaSyntax_GivesWhatJavaGives(string text, string key, string value)
    {
        List<PropertyProblem> problems = [];

        IReadOnlyList<PropertyEntry> entries = JavaPropertiesParser.Parse(text, "f", problems);

        problems.Should().BeEmpty();
        entries[0].Key.Should().Be(key);
        entries[0].Value.Should().Be(value);
    }

    [Fact]
    public void Parse_ContinuedAndCommentLines_KeepsNumberOfFirstLine()
    {
        List<PropertyProblem> problems = [];

        IReadOnlyList<PropertyEntry> entries = JavaPropertiesParser.Parse("# one\na=1\\\n  2\\\n  3\r\n\r\nb=2\rc=3", "f.conf", problems);

        entries.Select(entry => (entry.Key, entry.Value, entry.Origin.ToString())).Should().Equal(("a", "123", "f.conf:2"), ("b", "2", "f.conf:6"), ("c", "3", "f.conf:7"));
    }

    [Theory]
    [InlineData("key=\\u12")]
    [InlineData("key=\\u00zz")]
    [InlineData("path=C:\\users\\x")]
    public void Parse_MalformedUnicodeEscape_IsAProblemWithItsLine(string line)
    {
        List<PropertyProblem> problems = [];

        IReadOnlyList<PropertyEntry> entries = JavaPropertiesParser.Parse("good=1\n" + line + "\nalso=2", "f", problems);

        entries.Select(entry => entry.Key).Should().Equal("good", "also");
        problems.Should().ContainSingle().Which.Origin.ToString().Should().Be("f:2");
    }

    [Fact]
    public void ParseBytes_Utf8OrLatin1_ReadsBoth()
    {
        List<PropertyProblem> problems = [];

        JavaPropertiesParser.Parse("a=\u00fc\u4e2d"u8, "f", problems)[0].Value.Should().Be("\u00fc\u4e2d");
        JavaPropertiesParser.Parse([(byte)'a', (byte)'=', 0xFC], "f", problems)[0].Value.Should().Be("\u00fc");
        JavaPropertiesParser.Parse([0xEF, 0xBB, 0xBF, (byte)'a', (byte)'=', (byte)'b'], "f", problems)[0].Key.Should().Be("a");
        problems.Should().BeEmpty();
    }

    [Fact]
    public void Write_AnyPairs_AreReadBackUnchanged()
    {
        Gen<string> text = ArbMap.Default.GeneratorFor<NonNull<string>>().Select(value => value.Get);
        Gen<KeyValuePair<string, string>[]> pairs =
            from keys in text.Where(key => key.Length > 0).ArrayOf()
            from values in text.ArrayOf(keys.Length)
            select keys.Zip(values, (key, value) => KeyValuePair.Create(key, value)).ToArray();

        Prop.ForAll(pairs.ToArbitrary(), written =>
        {
            List<PropertyProblem> problems = [];
            IReadOnlyList<PropertyEntry> read = JavaPropertiesParser.Parse(JavaPropertiesWriter.Write(written), "f", problems);
            read.Select(entry => KeyValuePair.Create(entry.Key, entry.Value)).Should().Equal(written);
            problems.Should().BeEmpty();
        }).QuickCheckThrowOnFailure();
    }
}
