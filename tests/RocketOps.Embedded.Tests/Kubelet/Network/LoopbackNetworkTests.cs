using System.Net;
using RocketOps.Embedded.Kubelet.Network;

namespace RocketOps.Embedded.Tests.Kubelet.Network;

public sealed class LoopbackNetworkTests
{
    [Fact]
    public void Claim_SameSubnetTwice_GivesAnother()
    {
        using LoopbackNetwork first = LoopbackNetwork.Claim(77, AddressBook.InMemory());
        using LoopbackNetwork second = LoopbackNetwork.Claim(first.Subnet, AddressBook.InMemory());

        second.Subnet.Should().NotBe(first.Subnet);
    }

    [Fact]
    public void Acquire_UntilFull_GivesEachAddressOnceThenNothing()
    {
        using LoopbackNetwork network = LoopbackNetwork.Claim(78, AddressBook.InMemory());

        List<IPAddress?> addresses = Enumerable.Range(0, 253).Select(i => network.Acquire($"pod-{i}", null)).ToList();

        addresses.Should().OnlyHaveUniqueItems().And.NotContainNulls().And.NotContain(network.NodeAddress);
        network.Acquire("one too many", null).Should().BeNull();
        network.Release("pod-9");
        network.Acquire("one more", null).Should().Be(addresses[9]);
    }

    [Fact]
    public void Acquire_WishedAddress_IsGrantedWhenFreeAndOurs()
    {
        using LoopbackNetwork network = LoopbackNetwork.Claim(79, AddressBook.InMemory());
        IPAddress wish = new([127, 10, network.Subnet, 42]);

        network.Acquire("a", wish).Should().Be(wish);
        network.Acquire("a", null).Should().Be(wish, "an owner keeps its address");
        network.Acquire("b", wish).Should().NotBe(wish);
        network.Acquire("c", IPAddress.Parse("10.0.0.1")).Should().NotBe(IPAddress.Parse("10.0.0.1"));
    }

    [Fact]
    public void Acquire_SameName_GivesTheSameAddressToTheNextOwner()
    {
        using LoopbackNetwork network = LoopbackNetwork.Claim(80, AddressBook.InMemory());
        IPAddress? kept = network.Acquire("first", null, "default/db-0");
        network.Release("first");

        List<IPAddress?> others = Enumerable.Range(0, 252).Select(i => network.Acquire($"pod-{i}", null)).ToList();

        others.Should().NotContain(kept, "it is kept for the name");
        network.Acquire("second", null, "default/db-0").Should().Be(kept);
        network.Release("second");
        network.Acquire("one too many", null).Should().Be(kept, "no other is left");
        network.Acquire("third", null, "default/db-0").Should().BeNull();
    }
}
