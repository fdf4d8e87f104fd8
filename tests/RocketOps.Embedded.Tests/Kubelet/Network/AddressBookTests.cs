using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Embedded.Kubelet.Network;
using RocketOps.Testing;

namespace RocketOps.Embedded.Tests.Kubelet.Network;

public sealed class AddressBookTests
{
    [Fact]
    public void Keep_LoadedAgain_IsKnown()
    {
        using TempDirectory folder = new();
        AddressBook first = AddressBook.Load(folder.File("addresses"), NullLogger.Instance);
        first.Keep(AddressBook.Pod, "default/db-0", 4);
        first.Keep(AddressBook.Service, "default/db-0", 9876);
        first.Keep(AddressBook.Pod, "default/db-1", 4);

        AddressBook second = AddressBook.Load(folder.File("addresses"), NullLogger.Instance);

        second.Find(AddressBook.Pod, "default/db-0").Should().BeNull("a number is one name's");
        second.Find(AddressBook.Pod, "default/db-1").Should().Be(4);
        second.Find(AddressBook.Service, "default/db-0").Should().Be(9876);
        second.Keeps(AddressBook.Service, 9876).Should().BeTrue();
        second.Keeps(AddressBook.Service, 4).Should().BeFalse();
    }

    [Theory]
    [InlineData("pod a 4 more\nother a 5\npod a -6\npod  7\n\0\npod b 8")]
    [InlineData("pod b 8\npod a 99999999999999999999\npod a\npod")]
    public void Load_LinesThatAreNone_AreLeftOut(string text)
    {
        using TempDirectory folder = new();
        File.WriteAllText(folder.File("addresses"), text);

        AddressBook book = AddressBook.Load(folder.File("addresses"), NullLogger.Instance);

        book.Find(AddressBook.Pod, "a").Should().BeNull();
        book.Find(AddressBook.Pod, "b").Should().Be(8);
    }
}
