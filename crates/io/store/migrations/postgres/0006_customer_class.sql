-- What flows and queues go by: the class of a customer, such as gold, and the language of choice.
ALTER TABLE customer ADD COLUMN class TEXT;
ALTER TABLE customer ADD COLUMN language TEXT;
