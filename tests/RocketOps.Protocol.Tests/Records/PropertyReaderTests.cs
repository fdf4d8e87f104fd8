using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RocketOps.Protocol.Records;

namespace RocketOps.Protocol.Tests.Records;

public sealed class PropertyReaderTests
{
    [Theory]
    [InlineData("A\u0001b\u0002C\u0001d", "A=b,C=d")]
    [InlineData("A\u0001b\u0002C\u0001d\u0002", "A=b,C=d")]
    [InlineData("A\u0001\u0002C\u0001d", "C=d")]
    [InlineData("A\u0001b\u0001c\u0002", "A=b\u0001c")]
    [InlineData("novalue\u0002A\u0001b", "A=b")]
    [InlineData("\u0002\u0002", "")]
    public void TryRead_JavasRules_Hold(string encoded, string expected)
    {
        List<string> found = [];
        PropertyReader reader = new(Encoding.UTF8.GetBytes(encoded));
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            found.Add($"{Encoding.UTF8.GetString(name)}={Encoding.UTF8.GetString(value)}");
        }

        string.Join(',', found).Should().Be(expected);
    }

    [Fact]
    public void TryRead_AnyBytes_EndsWithoutReadingBeyond()
    {
        Prop.ForAll(
            ArbMap.Default.ArbFor<byte[]>(),
            static bytes =>
            {
                PropertyReader reader = new(bytes);
                int total = 0;
                while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
                {
                    total += name.Length + value.Length;
                }

                return total <= bytes.Length;
            }).QuickCheckThrowOnFailure();
    }
}
