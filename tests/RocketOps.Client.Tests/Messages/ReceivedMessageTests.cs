namespace RocketOps.Client.Tests.Messages;

public sealed class ReceivedMessageTests
{
    [Fact]
    public void Of_Message_IsWhatAConsumerGets()
    {
        Message message = new Message("T", "body", tag: "eu", keys: ["a", "b"]) { Flag = 7 }.SetProperty("region", "north");

        ReceivedMessage received = ReceivedMessage.Of(message);
        message.SetProperty("region", "south");

        (received.Topic, received.GetText(), received.Tag, received.Keys, received.Flag, received.ReconsumeTimes).Should().Be(("T", "body", "eu", "a b", 7, 0));
        received.UserProperties.Should().Equal(new Dictionary<string, string> { ["region"] = "north" }, "it is a copy");
        (received with { ReconsumeTimes = 3 }).ReconsumeTimes.Should().Be(3);
    }
}
