using System.Text;
using RocketOps.Protocol.Records;

namespace RocketOps.Protocol.Tests.Records;

public class RecallHandleTests
{
    // Written by RecallMessageHandle of 5.5.0.
    private const string OfApache = "djEgVCBicm9rZXItYSAxIDI=";

    [Fact]
    public void AHandleIsReadAsItWasWritten()
    {
        string handle = Encoding.UTF8.GetString(RecallHandle.Encode("T", "broker-a", 1_733_000_000_123, "C0000202"));

        RecallHandle read = new("T", "broker-a", "1733000000123", "C0000202");
        RecallHandle.TryParse(handle).Should().Be(read);
        RecallHandle.TryParse(handle.TrimEnd('=')).Should().Be(read, "padding is not everybody's habit");
        Encoding.UTF8.GetString(RecallHandle.Encode("T", "broker-a", 1, "2")).Should().Be(OfApache);
    }

    [Fact]
    public void LettersOfAHandleAreThoseOfUrls()
    {
        string handle = Encoding.UTF8.GetString(RecallHandle.Encode("~~~", "???", 1, "K>>>"));

        handle.Should().NotContainAny("+", "/");
        RecallHandle.TryParse(handle).Should().Be(new RecallHandle("~~~", "???", "1", "K>>>"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("v1 T broker-a 1 2")]
    [InlineData("djEgVCBicm9rZXItYQ==")] // v1 T broker-a
    [InlineData("djIgVCBicm9rZXItYSAxIDI=")] // v2 T broker-a 1 2
    public void WhatNoBrokerWroteIsNone(string? text) => RecallHandle.TryParse(text).Should().BeNull();

    [Fact]
    public void ATextIsBounded()
    {
        string padding = new('x', RecallHandle.MaxChars);

        RecallHandle.TryParse(Encoding.UTF8.GetString(RecallHandle.Encode("T", padding, 1, "2"))).Should().BeNull();
    }

    [Fact]
    public void AnyTextIsReadOrRefused()
    {
        Random random = new(5);
        byte[] bytes = new byte[64];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            string text = (i % 3) switch
            {
                0 => Encoding.Latin1.GetString(bytes, 0, random.Next(64)),
                1 => Convert.ToBase64String(bytes, 0, random.Next(64)),
                _ => Encoding.UTF8.GetString(RecallHandle.Encode("T", "b", i, "K"))[random.Next(8)..],
            };

            if (RecallHandle.TryParse(text) is { } handle)
            {
                handle.UniqKey.Should().NotBeNull();
            }
        }
    }
}
