using System.Text;
using RocketOps.Protocol.Records;

namespace RocketOps.Protocol.Tests.Records;

public sealed class JavaHashTests
{
    [Theory]
    [InlineData("TagA", 2598919)]
    [InlineData("TagB", 2598920)]
    [InlineData("", 0)]
    [InlineData("\u4e2d\u6587", 646394)]
    [InlineData("标签", 857175)]
    [InlineData("😀", 1772899)]
    public void Compute_Text_IsJavasHashCode(string text, int expected)
    {
        JavaHash.Compute(Encoding.UTF8.GetBytes(text)).Should().Be(text.Aggregate(0, (hash, unit) => unchecked((31 * hash) + unit)));
        JavaHash.Compute(Encoding.UTF8.GetBytes(text)).Should().Be(expected);
        JavaHash.Compute(text).Should().Be(expected);
    }

    [Fact]
    public void Compute_TextsOfAnyLengthAndScript_EqualsTheDefinition()
    {
        // Four bytes of ASCII are hashed at a time.
        string[] pieces = ["a", "Z", "7", "#", "\u007f", "é", "中", "😀"];
        Random random = new(1);
        for (int round = 0; round < 2000; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => pieces[random.Next(round % 2 == 0 ? pieces.Length : 5)]));

            JavaHash.Compute(Encoding.UTF8.GetBytes(text)).Should().Be(text.Aggregate(0, (hash, unit) => unchecked((31 * hash) + unit)), text);
        }
    }
}
