using System.Text.RegularExpressions;
using RocketOps.Protocol.Names;

namespace RocketOps.Protocol.Tests.Names;

public class NameLettersTests
{
    [Fact]
    public void LettersAreThoseOfThePattern()
    {
        for (char letter = '\0'; letter < 0x100; letter++)
        {
            // The pattern's $ would let a line's end pass.
            bool isAllowed = letter != '\n' && Regex.IsMatch(letter.ToString(), NameLetters.Pattern, RegexOptions.None, TimeSpan.FromSeconds(10));

            NameLetters.IndexOfOther($"a{letter}").Should().Be(isAllowed ? -1 : 1, "of U+{0:X4}", (int)letter);
            NameLetters.IndexOfOther([(byte)'a', (byte)letter]).Should().Be(isAllowed ? -1 : 1, "of byte {0:X2}", (int)letter);
        }
    }
}
